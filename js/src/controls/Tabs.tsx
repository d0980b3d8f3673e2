// A row of buttons of which one is pressed: what is shown below it.

interface TabsProps<Name extends string> {
  /** What is chosen, for who does not see it. */
  label: string;
  tabs: readonly (readonly [name: Name, title: string, about?: string])[];
  chosen: Name;
  choose(name: NoInfer<Name>): void;
  className?: string;
}

export function Tabs<Name extends string>({ label, tabs, chosen, choose, className }: TabsProps<Name>) {
  return (
    <div role="tablist" aria-label={label} className={className}>
      {tabs.map(([name, title, about]) => (
        <button
          key={name}
          type="button"
          role="tab"
          aria-selected={name === chosen}
          title={about}
          onClick={() => choose(name)}
        >
          {title}
        </button>
      ))}
    </div>
  );
}
