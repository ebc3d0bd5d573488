import { makeHubTarget } from './hub-target.ts';
import { Load } from './processes.ts';
import type { Scenario } from './target.ts';

export type Profile = {
  nodes: { id: number; callFrame: { functionName: string; url: string; lineNumber: number } }[];
  samples: number[];
  timeDeltas: number[];
};

/** Prints where the hub's main thread spends its time in one scenario, by package and by function. */
export async function profileHub(scenario: Scenario, seconds: number): Promise<void> {
  const hub = await makeHubTarget({ communities: 1, members: 100 });
  try {
    const process = await hub.start();
    const load = new Load();
    await load.prepare(hub, 32);
    await load.run(scenario, 32, seconds / 2);
    await process.ask('start-profile');
    const result = await load.run(scenario, 32, seconds);
    const { profile } = await process.ask('stop-profile');
    await load.stop();
    await process.stop();
    console.log(`${scenario}, 32 users: ${result.rate.toFixed(0)} a second while profiled`);
    reportProfile(profile as Profile, result.count);
  } finally {
    await hub.remove();
  }
}

/** Prints where the busy time of a profile went, by package and by function. */
export function reportProfile(profile: Profile, acts: number): void {
  const self = new Map<number, number>();
  profile.samples.forEach((id, index) => {
    self.set(id, (self.get(id) ?? 0) + (profile.timeDeltas[index] ?? 0));
  });
  const byPackage = new Map<string, number>();
  const byFunction = new Map<string, number>();
  let busy = 0;
  for (const { id, callFrame } of profile.nodes) {
    const time = self.get(id) ?? 0;
    if (callFrame.functionName === '(idle)') continue;
    busy += time;
    const group = packageOf(callFrame.url, callFrame.functionName);
    byPackage.set(group, (byPackage.get(group) ?? 0) + time);
    const name = `${callFrame.functionName || '(anonymous)'} ${group} ${callFrame.url.split('/').pop()}:${callFrame.lineNumber + 1}`;
    byFunction.set(name, (byFunction.get(name) ?? 0) + time);
  }
  console.log(`the main thread is busy for ${(busy / acts / 1000).toFixed(3)} ms for each act`);
  const print = (title: string, times: Map<string, number>, count: number) => {
    console.log(`\n${title}`);
    for (const [name, time] of [...times].sort((a, b) => b[1] - a[1]).slice(0, count)) {
      console.log(`${((time / busy) * 100).toFixed(1).padStart(6)} %  ${name}`);
    }
  };
  print('By package (share of the busy time)', byPackage, 20);
  print('By function', byFunction, 40);
}

function packageOf(url: string, name: string): string {
  const inPackage = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1];
  if (inPackage !== undefined) return inPackage;
  if (url.startsWith('node:')) return 'node';
  if (url.includes('/src/')) return 'trousseau';
  return name.startsWith('(') ? name : 'engine';
}
