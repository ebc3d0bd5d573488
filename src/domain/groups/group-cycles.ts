/**
 * A way from a group back to itself through what is nested in it, its first name repeated at the end;
 * undefined when there is none. Groups without an entry have nothing in them.
 */
export function findCycle(children: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const done = new Set<string>();
  for (const start of children.keys()) {
    const trail: { name: string; next: number }[] = [{ name: start, next: 0 }];
    while (trail.length > 0) {
      const top = trail.at(-1) as { name: string; next: number };
      const child = children.get(top.name)?.[top.next];
      top.next += 1;
      if (child === undefined) {
        done.add(top.name);
        trail.pop();
        continue;
      }
      const from = trail.findIndex((step) => step.name === child);
      if (from >= 0) return [...trail.slice(from).map((step) => step.name), child];
      if (!done.has(child)) trail.push({ name: child, next: 0 });
    }
  }
  return undefined;
}
