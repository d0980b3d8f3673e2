import { createContext, useContext } from "react";
import type { Play } from "./play";

export const PlayContext = createContext<Play | null>(null);

export function usePlay(): Play {
  const play = useContext(PlayContext);
  if (!play) throw new Error("A part of the playground stands outside of it.");
  return play;
}
