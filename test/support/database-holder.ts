import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export type Message = {
  open?: true;
  ownsDatabase?: boolean;
  acknowledged?: number;
  failed?: string;
  warning?: string;
  refused?: string;
  name?: string;
  closed?: true;
};

/** A process that holds the database of a data folder (test/support/hold-database.ts). */
export type DatabaseHolder = {
  child: ChildProcess;
  pid: number;
  messages: Message[];
  /** Highest id of a row that PostgreSQL acknowledged. */
  acknowledged(): number[];
  /** The next message (or one seen already, with `from` 0) that fits; rejects when the process ends first. */
  waitFor(fits: (message: Message) => boolean, from?: number): Promise<Message>;
  /** Ends it in order. */
  close(): Promise<void>;
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
};

/** Starts one in a process group of its own, as a terminal does. */
export function holdDatabase(
  dataFolder: string,
  purpose: 'hub' | 'command',
  script = fileURLToPath(new URL('./hold-database.ts', import.meta.url)),
): DatabaseHolder {
  const child = spawn(process.execPath, [script, dataFolder, purpose], {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
  });
  const messages: Message[] = [];
  const waiting = new Set<() => void>();
  const wake = () => {
    for (const look of [...waiting]) look();
  };
  let over = false;
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.on('exit', (code, signal) => resolve({ code, signal }));
  });
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  lines.on('line', (line) => {
    messages.push(JSON.parse(line));
    wake();
  });
  lines.on('close', () => {
    over = true;
    wake();
  });

  function waitFor(fits: (message: Message) => boolean, from = messages.length): Promise<Message> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = messages.slice(from).find(fits);
        if (found === undefined && !over) return;
        waiting.delete(look);
        if (found !== undefined) resolve(found);
        else reject(new Error(`it ended after saying ${JSON.stringify(messages.slice(-3))}`));
      };
      waiting.add(look);
      look();
    });
  }

  return {
    child,
    pid: child.pid as number,
    messages,
    acknowledged: () =>
      messages.map((message) => message.acknowledged).filter((id) => id !== undefined),
    waitFor,
    async close() {
      child.stdin?.write('close\n');
      await ended;
    },
    ended,
  };
}
