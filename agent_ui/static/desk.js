// The desk begins here.
document.getElementById("desk").textContent = "";
