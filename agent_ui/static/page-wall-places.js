// Where other parts of the floor stand on the wall: menus of an agent and of a call, what warns.
export { AgentMenu, CallMenu } from "./page-floor-actions.js";
export { AlertStrip } from "./page-alert-strip.js";
