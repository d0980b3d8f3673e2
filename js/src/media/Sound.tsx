// A sound: its shape over time, played and gone to by a click.

import { useEffect, useRef, useState } from "react";
import type { Result } from "../bridge/results";
import { PauseIcon, RunIcon } from "../editor/icons";

const HEIGHT = 40;
const COLUMN = 3;

/** Seconds as a clock shows them: `0:07`, `12:30`. */
export function formatClock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** One stroke for each moment, as high as it is loud; silence is a point. */
export function wavePath(peaks: readonly number[]): string {
  return peaks
    .map((loud, place) => {
      const half = 0.75 + (Math.min(Math.max(loud, 0), 100) / 100) * (HEIGHT / 2 - 2);
      return `M${place * COLUMN + COLUMN / 2} ${HEIGHT / 2 - half}v${2 * half}`;
    })
    .join("");
}

const SILENT = Array.from({ length: 60 }, () => 0);

function Wave({ peaks, part }: { peaks: readonly number[]; part: number }) {
  const shown = peaks.length > 0 ? peaks : SILENT;
  const width = shown.length * COLUMN;
  const path = wavePath(shown);
  return (
    <svg className="pf-wave" viewBox={`0 0 ${width} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
      <path d={path} />
      <path d={path} className="pf-wave-played" style={{ clipPath: `inset(0 ${100 - 100 * part}% 0 0)` }} />
    </svg>
  );
}

/** Where a player is, read as often as the page is drawn while it plays. */
function useMoment(audio: HTMLAudioElement | null, playing: boolean): [number, (at: number) => void] {
  const [at, setAt] = useState(0);
  useEffect(() => {
    if (!audio || !playing) return;
    let request = 0;
    const read = () => {
      setAt(audio.currentTime);
      request = requestAnimationFrame(read);
    };
    read();
    return () => cancelAnimationFrame(request);
  }, [audio, playing]);
  return [at, setAt];
}

export function Sound({ result, title }: { result: Result; title: string }) {
  const audio = useRef<HTMLAudioElement>(null);
  const [playing, setPlaying] = useState(false);
  const [length, setLength] = useState(result.seconds ?? 0);
  const [at, setAt] = useMoment(audio.current, playing);
  const toggle = () => {
    if (playing) audio.current?.pause();
    else void audio.current?.play();
  };
  const seek = (moment: number) => {
    if (audio.current) audio.current.currentTime = moment;
    setAt(moment);
  };
  const part = length > 0 ? Math.min(at / length, 1) : 0;
  return (
    <div className="pf-sound nodrag nopan">
      {/* biome-ignore lint/a11y/useMediaCaption: what a model has made carries no captions. */}
      <audio
        ref={audio}
        src={result.url ?? undefined}
        preload="metadata"
        aria-label={`Sound of ${title}`}
        onPlay={() => setPlaying(true)}
        onPause={() => setPlaying(false)}
        onEnded={() => {
          setPlaying(false);
          setAt(0);
        }}
        onLoadedMetadata={({ currentTarget: { duration } }) => Number.isFinite(duration) && setLength(duration)}
      />
      <button
        type="button"
        className="pf-play"
        aria-label={`${playing ? "Pause" : "Play"} the sound of ${title}`}
        onClick={toggle}
      >
        {playing ? <PauseIcon /> : <RunIcon />}
      </button>
      <span className="pf-wave-frame">
        <Wave peaks={result.peaks} part={part} />
        <input
          type="range"
          aria-label={`Moment of the sound of ${title}`}
          aria-valuetext={`${formatClock(at)} of ${formatClock(length)}`}
          min={0}
          max={length || 1}
          step="any"
          value={Math.min(at, length || 1)}
          onChange={(event) => seek(event.currentTarget.valueAsNumber)}
        />
      </span>
      <span className="pf-clock">{formatClock(playing || at > 0 ? at : length)}</span>
    </div>
  );
}
