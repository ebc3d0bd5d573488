import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type Measure, measure } from './stats.ts';
import { type LoadAnswer, type LoadOrder, NO_PAUSE, type Scenario, type Target } from './target.ts';

export type Started = {
  child: ChildProcess;
  message: Record<string, unknown>;
  /** Tells the script something and waits for its answer. */
  ask(order: string): Promise<Record<string, unknown>>;
  stop(): Promise<void>;
};

/** Starts a script of this folder and waits for its first message. */
export async function startScript(
  script: string,
  env: Record<string, string> = {},
  execArgv: string[] = [],
): Promise<Started> {
  const child = fork(fileURLToPath(new URL(script, import.meta.url)), {
    env: { ...process.env, NODE_ENV: 'production', ...env },
    execArgv,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const [message] = await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => Promise.reject(new Error(`${script} ended with ${code}`))),
  ]);
  return {
    child,
    message,
    async ask(order) {
      child.send(order);
      const [answer] = await once(child, 'message');
      return answer;
    },
    async stop() {
      const ended = once(child, 'exit');
      child.disconnect();
      await ended;
    },
  };
}

/** Resident memory of a process, in megabytes. */
export async function residentMegabytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1024;
}

/** Milliseconds of processor time that a process has used, with its children where they count, too. */
export async function processorTime(pid: number, children = false): Promise<number> {
  const pids = children ? [pid, ...(await childrenOf(pid))] : [pid];
  const threads = (await Promise.all(pids.map(threadsOf))).flat();
  // By the scheduler's own count: the clock ticks of `stat` do not see what runs between two of them.
  const times = await Promise.all(threads.map((thread) => readOr(`${thread}/schedstat`, '0')));
  return times.reduce((sum, text) => sum + Number(text.split(' ')[0]) / 1e6, 0);
}

async function threadsOf(pid: number): Promise<string[]> {
  const names = await readdir(`/proc/${pid}/task`).catch(() => []);
  return names.map((name) => `/proc/${pid}/task/${name}`);
}

async function childrenOf(pid: number): Promise<number[]> {
  const list = await readOr(`/proc/${pid}/task/${pid}/children`, '');
  return list.split(' ').filter(Boolean).map(Number);
}

/** A process or thread may end while it is looked at. */
function readOr(path: string, instead: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => instead);
}

/** The load program, with its users signed in at a target. */
export class Load {
  readonly #child: ChildProcess;

  constructor() {
    this.#child = fork(fileURLToPath(new URL('load.ts', import.meta.url)), {
      env: { ...process.env, NODE_ENV: 'production' },
    });
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  async prepare(target: Target, users: number, realms = 1): Promise<void> {
    await this.#ask({ kind: 'prepare', target, users, realms });
  }

  async touch(): Promise<void> {
    await this.#ask({ kind: 'touch' });
  }

  async run(
    scenario: Scenario,
    users: number,
    seconds: number,
    pause = NO_PAUSE,
  ): Promise<Measure> {
    const answer = await this.#ask({ kind: 'run', scenario, users, seconds, pause });
    if (answer.kind !== 'done') throw new Error(`unexpected answer ${answer.kind}`);
    return measure(answer.latencies, answer.seconds);
  }

  async stop(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.disconnect();
    await ended;
  }

  async #ask(order: LoadOrder): Promise<LoadAnswer> {
    this.#child.send(order);
    const answer = await new Promise<LoadAnswer>((resolve, reject) => {
      const onExit = () => reject(new Error('the load program ended'));
      this.#child.once('exit', onExit);
      this.#child.once('message', (message) => {
        this.#child.off('exit', onExit);
        resolve(message as LoadAnswer);
      });
    });
    if (answer.kind === 'failed') throw new Error(answer.message);
    return answer;
  }
}
