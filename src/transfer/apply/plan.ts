export type PlanChange = {
  action: 'create' | 'update' | 'remove';
  kind: 'operator' | 'operator-reader' | 'community' | 'group' | 'member' | 'service';
  /** Slug of the community that it belongs to; absent for operators and communities. */
  community?: string;
  /** E-mail address, slug, group name or username. */
  name: string;
  /** What an update changes, by the file's keys; or what becomes of what is removed. Never a value. */
  fields: string[];
};

/** What `apply` did, or would do. As JSON it is the same. */
export type Plan = {
  dryRun: boolean;
  changes: PlanChange[];
  /** What the file says nothing of and its writer may want to know. */
  notes: string[];
  counts: { create: number; update: number; remove: number };
};

const SIGNS = { create: '+', update: '~', remove: '-' } as const;

/** One line a change (`+`, `~`, `-`), the notes (`!`), and the counts. */
export function formatPlan(plan: Plan): string {
  return [
    ...plan.changes.map(formatChange),
    ...plan.notes.map((note) => `! ${note}`),
    formatCounts(plan),
  ].join('\n');
}

function formatChange({ action, kind, community, name, fields }: PlanChange): string {
  const subject = community === undefined ? name : `${community}/${name}`;
  return `${SIGNS[action]} ${kind} ${subject}${fields.length === 0 ? '' : `: ${fields.join(', ')}`}`;
}

function formatCounts({ counts, dryRun }: Plan): string {
  if (counts.create + counts.update + counts.remove === 0) return 'nothing to change';
  const line = `${counts.create} added, ${counts.update} changed, ${counts.remove} taken away`;
  return dryRun ? `${line} (dry run: nothing was written)` : line;
}

/** Gathers what is changed; the events that tell of it are the domain's. */
export type ChangeLog = {
  changes: PlanChange[];
  notes: string[];
  add(change: PlanChange): void;
};

export function createChangeLog(): ChangeLog {
  const changes: PlanChange[] = [];
  return { changes, notes: [], add: (change) => changes.push(change) };
}

export function toPlan(log: ChangeLog, dryRun: boolean): Plan {
  const count = (action: PlanChange['action']) =>
    log.changes.filter((change) => change.action === action).length;
  return {
    dryRun,
    changes: log.changes,
    notes: log.notes,
    counts: { create: count('create'), update: count('update'), remove: count('remove') },
  };
}
