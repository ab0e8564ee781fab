// Where other parts of the floor stand on the wall: menus of an agent and of a call, what warns.
export const AgentMenu = () => null;
export const CallMenu = () => null;
export const AlertStrip = () => null;
