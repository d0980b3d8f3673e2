// Files from a person's disk, by drop, by paste or by choice, on their way to the kernel.

import { type ClipboardEvent, type DragEvent, useEffect, useRef, useState } from "react";
import type { Json } from "../flow/document";
import type { MediaAccess } from "./props";

export const WORDS: Record<string, string> = { image: "picture", mask: "mask", audio: "sound", video: "video" };
const FAMILIES: Record<string, string> = { mask: "image" };

/** What a medium's files are called by the browser: "image/*". */
export function acceptOf(medium: string): string {
  return `${FAMILIES[medium] ?? medium}/*`;
}

/** Why a file does not suit a medium, or null; a file that tells no type is for the kernel to look into. */
export function whyNotFile(file: File, medium: string): string | null {
  const family = acceptOf(medium).slice(0, -1);
  if (file.type === "" || file.type.startsWith(family) || !/^(image|audio|video|text)\//.test(file.type)) return null;
  return `“${file.name}” is not a ${WORDS[medium] ?? medium}.`;
}

export interface Intake {
  busy: boolean;
  problem: string | null;
  /** A file is held over the zone. */
  over: boolean;
  take(files: readonly File[]): void;
  /** For the zone that files are dropped on. */
  zone: {
    onDragEnter(event: DragEvent): void;
    onDragOver(event: DragEvent): void;
    onDragLeave(event: DragEvent): void;
    onDrop(event: DragEvent): void;
    onPaste(event: ClipboardEvent): void;
  };
}

interface IntakeOptions {
  medium: string;
  several: boolean;
  disabled: boolean;
  media: MediaAccess;
  /** The values that stand for the files, in their order. */
  onTaken(values: Json[]): void;
}

/** Uploads files and says how that goes; with `several`, all of them, else the first. */
export function useIntake(options: IntakeOptions): Intake {
  const [state, setState] = useState({ busy: false, problem: null as string | null });
  const [over, setOver] = useState(false);
  const latest = useRef(options);
  latest.current = options;
  const turn = useRef(0);

  const take = async (files: readonly File[]) => {
    const { medium, several, disabled, media } = latest.current;
    const chosen = several ? files : files.slice(0, 1);
    if (disabled || chosen.length === 0) return;
    const problem = chosen.map((file) => whyNotFile(file, medium)).find((words) => words !== null);
    if (problem) return setState({ busy: false, problem });
    // A second file may be dropped while the first is on its way: the later one counts.
    turn.current += 1;
    const mine = turn.current;
    setState({ busy: true, problem: null });
    try {
      const values = await Promise.all(chosen.map((file) => media.upload(file, medium)));
      if (mine !== turn.current && !several) return;
      setState({ busy: mine !== turn.current, problem: null });
      latest.current.onTaken(values);
    } catch (error) {
      if (mine !== turn.current) return;
      setState({ busy: false, problem: error instanceof Error ? error.message : String(error) });
    }
  };

  const held = (event: DragEvent) => {
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    event.stopPropagation();
    if (latest.current.disabled) return;
    event.dataTransfer.dropEffect = "copy";
    setOver(true);
  };

  return {
    ...state,
    over,
    take: (files) => void take(files),
    zone: {
      onDragEnter: held,
      onDragOver: held,
      onDragLeave: (event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setOver(false);
      },
      onDrop: (event) => {
        if (event.dataTransfer.files.length === 0) return;
        event.preventDefault();
        event.stopPropagation();
        setOver(false);
        void take([...event.dataTransfer.files]);
      },
      onPaste: (event) => {
        if (event.clipboardData.files.length === 0) return;
        event.preventDefault();
        void take([...event.clipboardData.files]);
      },
    },
  };
}

/** Where a medium can be read: null while it is on its way, "" where it cannot be. */
export function useMediaUrl(media: MediaAccess, reference: string): string | null {
  const [known, setKnown] = useState<{ reference: string; url: string } | null>(null);
  const access = useRef(media);
  access.current = media;
  useEffect(() => {
    let gone = false;
    const keep = (url: string) => gone || setKnown({ reference, url });
    access.current.url(reference).then(keep, () => keep(""));
    return () => {
      gone = true;
    };
  }, [reference]);
  return known?.reference === reference ? known.url : null;
}
