const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const NAME = 'stopEmbeddedPostgres';

/**
 * PostgreSQL is not in our process group, so a process that just ends would leave it behind. A signal
 * that the program does not handle itself stops it in order first; any other end, at once.
 * @param inOrder waits for PostgreSQL's end
 * @param atOnce must be synchronous
 * @returns undoes it
 */
export function stopOnExit(inOrder: () => Promise<void>, atOnce: () => void): () => void {
  const handlers = { [NAME]: (signal: NodeJS.Signals) => void onSignal(signal) };
  const handler = handlers[NAME] as (signal: NodeJS.Signals) => void;

  async function onSignal(signal: NodeJS.Signals): Promise<void> {
    if (process.listeners(signal).some((listener) => listener.name !== NAME)) return;
    await inOrder().catch(() => {});
    forget();
    process.kill(process.pid, signal);
  }

  function forget(): void {
    for (const signal of SIGNALS) process.off(signal, handler);
    process.off('exit', atOnce);
  }

  // First in line: a handler that the program added with `once` is still counted then.
  for (const signal of SIGNALS) process.prependListener(signal, handler);
  process.on('exit', atOnce);
  return forget;
}
