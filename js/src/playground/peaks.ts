// How loud a sound is over its time, for the shape that its player shows.

import { useEffect, useState } from "react";
import { usePlay } from "./context";

const COUNT = 90;

/** One number from 0 to 100 for each moment. */
export function peaksOf(samples: Float32Array, count = COUNT): number[] {
  const size = Math.max(1, Math.floor(samples.length / count));
  const peaks = Array.from({ length: Math.min(count, samples.length) }, (_, moment) => {
    let most = 0;
    for (let place = moment * size; place < (moment + 1) * size; place++)
      most = Math.max(most, Math.abs(samples[place] ?? 0));
    return most;
  });
  const loudest = Math.max(...peaks, 0.01);
  return peaks.map((peak) => Math.round((100 * peak) / loudest));
}

export function usePeaks(id: string): readonly number[] {
  const play = usePlay();
  const [peaks, setPeaks] = useState<readonly number[]>([]);
  useEffect(() => {
    let gone = false;
    // A context that plays nothing: it needs no leave of the user.
    const read = async () => {
      const { bytes } = await play.medium(id);
      const sound = await new OfflineAudioContext(1, 1, 44_100).decodeAudioData(await bytes.arrayBuffer());
      if (!gone) setPeaks(peaksOf(sound.getChannelData(0)));
    };
    read().catch(() => null); // the player works without its shape
    return () => {
      gone = true;
    };
  }, [play, id]);
  return peaks;
}
