import { starOfKey } from "./grid";

const FIVE = [1, 2, 3, 4, 5];
const SHAPE = "M8 1.6l1.95 4.1 4.5.6-3.3 3.1.8 4.5L8 11.7l-3.95 2.2.8-4.5-3.3-3.1 4.5-.6z";

interface Props {
  stars: number;
  /** What is rated. */
  what: string;
  rate(stars: number): void;
  /** Arrows do something else where they stand. */
  isWithoutArrows?: boolean;
}

/** Five stars: a click, keys 1 to 5 or arrows give them; the same star again, 0 or Backspace takes them away. */
export function Stars({ stars, what, rate, isWithoutArrows = false }: Props) {
  const keys = (event: React.KeyboardEvent) => {
    const way = isWithoutArrows ? 0 : { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
    const meant = way ? Math.min(5, Math.max(0, stars + way)) : starOfKey(event.key, stars);
    if (meant === null) return;
    event.preventDefault();
    event.stopPropagation();
    rate(meant);
  };
  return (
    <div
      className="pc-stars"
      role="slider"
      tabIndex={0}
      aria-label={`Stars for ${what}`}
      aria-valuemin={0}
      aria-valuemax={5}
      aria-valuenow={stars}
      aria-valuetext={stars === 0 ? "no stars" : stars === 1 ? "1 star" : `${stars} stars`}
      title="Keys 1 to 5 give stars, 0 takes them away"
      onKeyDown={keys}
    >
      {FIVE.map((star) => (
        <svg
          key={star}
          viewBox="0 0 16 16"
          data-on={star <= stars}
          aria-hidden="true"
          onClick={() => rate(star === stars ? 0 : star)}
        >
          <path d={SHAPE} />
        </svg>
      ))}
    </div>
  );
}
