import type { Logger } from 'pino';
import { deliverNewDevice } from '../../domain/notices/new-device.ts';
import { eraseDuePersons } from '../../domain/people/erase-person.ts';
import { deliverRecoveryRequest } from '../../domain/recovery/recovery-request.ts';
import { deliverRegistrationRequest } from '../../domain/registration/deliver-registration-request.ts';
import { cleanUpExpired } from '../../domain/retention/expiry-cleanup.ts';
import { rotateDueKeys } from '../../domain/signing-keys/rotate-due-keys.ts';
import { deliverMail } from '../../pages/mails/deliver-mail.ts';
import { deliverBackchannelLogout } from '../../protocols/oidc/deliver-backchannel-logout.ts';
import type { Config } from '../config/config.ts';
import type { Database } from '../database/database.ts';
import { createMailer, MOST_AT_ONCE } from '../mail/transport.ts';
import type { Outbound } from '../outbound/outbound.ts';
import { startOutboxWorker } from '../outbox/outbox-worker.ts';
import type { Sealer } from '../secrets/sealer.ts';
import { runIfDue, type ScheduledTask } from './scheduled-task.ts';
import { createSignal } from './signal.ts';

export type WorkerParts = {
  config: Config;
  database: Database;
  sealer: Sealer;
  outbound: Outbound;
  log: Logger;
};

/** How often each process asks whether anything of the schedule is due. */
const TICK_MS = 60_000;

/**
 * What a process of role `worker` does: it delivers the outbox and keeps the schedule, beside any
 * number of others. `stop()` returns when nothing of it runs any more.
 */
export function startWorker(parts: WorkerParts): { stop(): Promise<void> } {
  const { database, log } = parts;
  const { config, sealer } = parts;
  const { server, from } = config.mail;
  const mailer = server === undefined ? undefined : createMailer({ server, from });
  const outbox = startOutboxWorker({
    database,
    log,
    deliveries: {
      'backchannel-logout': (message) => deliverBackchannelLogout(parts, message),
      'new-device': (message) => deliverNewDevice(parts, message),
      'recovery-request': (message) => deliverRecoveryRequest(parts, message),
      'registration-request': (message) => deliverRegistrationRequest(parts, message),
    },
  });
  // Apart: a mail server that hangs must not keep apps from being told of logouts.
  const mails = startOutboxWorker(
    {
      database,
      log,
      deliveries: {
        mail: (message) => deliverMail({ database, sealer, mailer, log }, message),
      },
    },
    { concurrency: MOST_AT_ONCE },
  );
  const schedule = keepSchedule(database, tasks(parts), log);
  return {
    async stop() {
      await Promise.all([outbox.stop(), mails.stop(), schedule.stop()]);
      mailer?.close();
    },
  };
}

function tasks({ config, database, sealer, log }: WorkerParts): ScheduledTask[] {
  return [
    {
      name: 'expiry-cleanup',
      everyMs: 10 * 60_000,
      async run({ now, signal }) {
        const deleted = await cleanUpExpired(database, { now, signal });
        if (deleted > 0) log.info({ deleted }, 'deleted what had expired');
      },
    },
    {
      name: 'key-rotation',
      everyMs: 60 * 60_000,
      async run({ now, signal }) {
        const communities = await rotateDueKeys(database, sealer, { now, signal });
        if (communities.length > 0) log.info({ communities }, 'rotated signing keys');
      },
    },
    {
      name: 'account-deletion',
      everyMs: 60 * 60_000,
      async run({ now, signal }) {
        const erased = await eraseDuePersons(database, config.url, { now, signal });
        if (erased > 0) log.info({ erased }, 'deleted accounts whose fortnight was over');
      },
    },
  ];
}

function keepSchedule(database: Database, scheduled: ScheduledTask[], log: Logger) {
  const stopping = new AbortController();
  const pause = createSignal();
  stopping.signal.addEventListener('abort', pause.raise);

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      for (const task of scheduled) {
        if (stopping.signal.aborted) break;
        try {
          await runIfDue(database, task, { signal: stopping.signal });
        } catch (error) {
          log.error({ err: error, task: task.name }, 'scheduled work failed; it comes again');
        }
      }
      await pause.wait(TICK_MS);
    }
  }

  const running = run();
  return {
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
