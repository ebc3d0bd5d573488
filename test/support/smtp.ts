import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { freePort } from './free-port.ts';

export type ReceivedMail = { from: string; to: string[]; raw: string; secure: boolean };

export type TestSmtp = {
  url: string;
  mails: ReceivedMail[];
  /** What the server answers the next messages with; an empty list: it takes them. */
  answers: number[];
  stop(): Promise<void>;
};

/** A real SMTP server that keeps what it is sent, or refuses it. */
export async function startSmtp(options: SMTPServerOptions = {}): Promise<TestSmtp> {
  const port = await freePort();
  const mails: ReceivedMail[] = [];
  const answers: number[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: options.key === undefined ? ['STARTTLS'] : [],
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const code = answers.shift();
        if (code !== undefined) {
          done(Object.assign(new Error('not now'), { responseCode: code }));
          return;
        }
        mails.push({
          from: session.envelope.mailFrom === false ? '' : session.envelope.mailFrom.address,
          to: session.envelope.rcptTo.map(({ address }) => address),
          raw: Buffer.concat(chunks).toString('utf8'),
          secure: session.secure,
        });
        done();
      });
    },
    ...options,
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    url: `smtp://127.0.0.1:${port}`,
    mails,
    answers,
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
