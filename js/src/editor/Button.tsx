import type { ReactNode } from "react";

interface Props {
  name: string;
  keys?: string;
  icon: ReactNode;
  className?: string;
  disabled?: boolean;
  pressed?: boolean;
  act: () => void;
}

/** A button of the toolbar: a sign, and what it means for who hovers over it or hears it. */
export function Button({ name, keys, icon, className = "", disabled = false, pressed, act }: Props) {
  return (
    <button
      type="button"
      className={`pf-button ${className}`}
      aria-label={name}
      aria-pressed={pressed}
      title={keys ? `${name} (${keys})` : name}
      disabled={disabled}
      onClick={act}
    >
      {icon}
    </button>
  );
}
