import type { Logger } from 'pino';
import { eraseDuePersons } from './domain/account-deletion/erase-person.ts';
import { tellAdminsOfEnds, tellMembersOfEnds } from './domain/ends/tell-of-ends.ts';
import { lookAtHostsAgain } from './domain/hosts/look-again.ts';
import { proofParts } from './domain/hosts/proof-parts.ts';
import { endWhatIsOver, nextEnd } from './domain/memberships/end-what-is-over.ts';
import { deliverNewDevice } from './domain/notices/new-device.ts';
import { deliverRecoveryRequest } from './domain/recovery/recovery-request.ts';
import { deliverRegistrationRequest } from './domain/registration/deliver-registration-request.ts';
import { cleanUpExpired } from './domain/retention/expiry-cleanup.ts';
import { rotateDueKeys } from './domain/signing-keys/rotate-due-keys.ts';
import { deliverMail, deliverOperatorMail } from './pages/mails/deliver-mail.ts';
import { createMailRenderer } from './pages/mails/render-mail.ts';
import type { Config } from './platform/config/config.ts';
import type { ChangeFeed } from './platform/database/change-feed.ts';
import type { Database } from './platform/database/database.ts';
import { createMailer, MOST_AT_ONCE } from './platform/mail/transport.ts';
import type { Outbound } from './platform/outbound/outbound.ts';
import type { Sealer } from './platform/secrets/sealer.ts';
import type { ScheduledTask } from './platform/worker/scheduled-task.ts';
import { runWork } from './platform/worker/worker.ts';
import { deliverBackchannelLogout } from './protocols/oidc/deliver-backchannel-logout.ts';

export type WorkerParts = {
  config: Config;
  database: Database;
  feed: Pick<ChangeFeed, 'on'>;
  sealer: Sealer;
  outbound: Outbound;
  log: Logger;
};

/** What a process of role `worker` does: how each kind of message is delivered, and what is due when. */
export function startWorker(parts: WorkerParts): { stop(): Promise<void> } {
  const { config, database, feed, sealer, log } = parts;
  const { server, from, ehloName } = config.mail;
  const mailer = server === undefined ? undefined : createMailer({ server, from, ehloName });
  const mails = { database, sealer, renderer: createMailRenderer(), mailer, log };
  const work = runWork({
    database,
    feed,
    log,
    queues: [
      {
        deliveries: {
          'backchannel-logout': (message) => deliverBackchannelLogout(parts, message),
          'new-device': (message) => deliverNewDevice(parts, message),
          'recovery-request': (message) => deliverRecoveryRequest(parts, message),
          'registration-request': (message) => deliverRegistrationRequest(parts, message),
        },
      },
      // Apart: a mail server that hangs must not keep apps from being told of logouts.
      {
        deliveries: {
          mail: (message) => deliverMail(mails, message),
          'operator-mail': (message) =>
            deliverOperatorMail({ ...mails, hubUrl: config.url }, message),
        },
        concurrency: MOST_AT_ONCE,
      },
    ],
    tasks: tasks(parts),
  });
  return {
    async stop() {
      await work.stop();
      mailer?.close();
    },
  };
}

function tasks({ config, database, sealer, outbound, log }: WorkerParts): ScheduledTask[] {
  const proofs = proofParts(config, outbound);
  return [
    {
      name: 'ends',
      everyMs: 100,
      comesIn: () => nextEnd(database),
      async run({ signal }) {
        const ended = await endWhatIsOver(database, { signal });
        if (ended > 0) log.info({ ended }, 'ended what members had up to now');
      },
    },
    {
      name: 'notices-of-ends',
      everyMs: 10 * 60_000,
      async run({ signal }) {
        const ends = await tellMembersOfEnds(database, config.url, { signal });
        const communities = await tellAdminsOfEnds(database, config.url, { signal });
        if (ends + communities > 0) log.info({ ends, communities }, 'told of ends that are near');
      },
    },
    {
      name: 'host-checks',
      everyMs: 60 * 60_000,
      async run({ now, signal }) {
        const gone = await lookAtHostsAgain(database, proofs, { now, signal });
        if (gone > 0) log.warn({ gone }, 'own hosts whose proof is gone');
      },
    },
    {
      name: 'expiry-cleanup',
      everyMs: 10 * 60_000,
      async run({ now, signal }) {
        const deleted = await cleanUpExpired(database, config.retention, { now, signal });
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
