// The load program: in a process of its own, so that what it uses is not counted as the server's.
import { quantile } from '../stats.ts';
import { type Act, makeActs } from './acts.ts';
import type { LdapAnswer, LdapOrder } from './ldap-target.ts';
import { makePopulation, type Population } from './population.ts';

/** Part of the time during which nothing is counted yet. */
const WARM_UP = 0.2;

let population: Population | undefined;

process.on('message', async (order: LdapOrder) => {
  process.send?.(
    await perform(order).catch(
      (error: Error): LdapAnswer => ({ kind: 'failed', message: error.message }),
    ),
  );
});

async function perform(order: LdapOrder): Promise<LdapAnswer> {
  if (population?.people.length !== order.people) population = makePopulation(order.people);
  const { acts, close } = await makeActs(order, population);
  const begin = performance.now();
  const countFrom = begin + order.seconds * 1_000 * WARM_UP;
  const end = countFrom + order.seconds * 1_000;
  const latencies: number[] = [];
  let started = 0;
  let last = countFrom;
  const drive = async (act: Act) => {
    for (let now = performance.now(); now < end; ) {
      await act(started++);
      const after = performance.now();
      if (after >= countFrom) {
        latencies.push(after - now);
        last = after;
      }
      now = after;
    }
  };
  await Promise.all(acts.map(drive)).finally(close);
  return {
    kind: 'done',
    rate: latencies.length / ((last - countFrom) / 1_000),
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
    acts: started,
  };
}
