// Opens the playground of the flow that the address names.
import { openPage } from "/play/-/playground.js";

openPage(document.getElementById("play"));
