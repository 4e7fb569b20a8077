// The compiler behind types of our own: its declarations would loosen Array for the whole project.
export { default } from "assemblyscript/asc";
