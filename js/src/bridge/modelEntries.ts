// What traits and messages say of models; widget/model_requests.py and widget/gettings.py write it.

/** A model card: what is known of a model without its files. */
export interface ModelEntry {
  name: string;
  title: string;
  /** What it is: "model", "lora", "controlnet" …; absent is a model. */
  kind?: string;
  tasks: string[];
  /** What it makes: "image", "audio" … */
  modality?: string;
  base_model: string;
  installed: boolean;
  megabytes: number;
  licence?: string;
  /** In GB; 0 where nobody knows. */
  memory_gb?: number;
  /** Its owner wants to be asked first. */
  gated?: boolean;
  /** Its folder or Hub id. */
  source?: string;
  /** What brings it, where it comes with a Python package that is not here: typed by hand, for no page can. */
  command?: string;
  help: string;
}

/** Whether a model fits into memory. */
export interface ModelFit {
  how: "resident" | "fits" | "others make room" | "offload" | "too large";
  sentence: string;
}

/** What a model or adapter is, from its card or else from its files. */
export interface AboutModel extends ModelEntry {
  rank?: number;
  trigger_words?: string[];
  /** Why it was taken for what it is, or why nobody knows. */
  reason?: string;
}

/** How far the files of a model are. */
export interface GettingModel {
  source: string;
  title?: string;
  state: "getting" | "done" | "failed" | "stopped";
  /** In bytes. */
  done: number;
  /** In bytes; 0 while it is not known. */
  total: number;
  /** What is being done, or what went wrong. */
  words: string;
}

export interface ResidentModel {
  source: string;
  title: string;
  /** All that only it holds, and its share of the rest. */
  bytes: number;
  device: string;
  in_use: boolean;
  components: { name: string; bytes: number; shared?: boolean }[];
}
