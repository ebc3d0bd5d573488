import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Browser } from '../../test/support/browser.ts';
import { residentMegabytes } from '../processes.ts';

const MEGABYTE = 1024 * 1024;

/** Members who send 9 MB of a picture each, and never the end of it. */
export async function measureUploads(
  issuer: string,
  {
    usernames,
    password,
    uploads,
    pid,
  }: { usernames: string[]; password: string; uploads: number; pid: number },
) {
  const { hostname, port, host, pathname } = new URL(issuer);
  const visits = await Promise.all(
    usernames.map(async (username) => {
      const browser = new Browser();
      const page = await browser.open(`${issuer}/login?return_to=/account/profile`);
      const profile = await browser.submit(page, '#login-form', { username, password });
      const csrf = profile.document
        .querySelector('form[enctype] input[name=csrf]')
        ?.getAttribute('value');
      if (csrf === undefined) throw new Error(`no profile form: ${profile.url} ${profile.status}`);
      return { cookie: await browser.jar.getCookieString(`${issuer}/account/profile`), csrf };
    }),
  );
  const before = await residentMegabytes(pid);
  const boundary = '----upload';
  const sockets: Socket[] = [];
  const answers: string[] = [];
  for (let n = 0; n < uploads; n += 1) {
    const { cookie, csrf } = visits[n % visits.length] as (typeof visits)[number];
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n${csrf}\r\n--${boundary}\r\nContent-Disposition: form-data; name="picture"; filename="a.jpg"\r\nContent-Type: image/jpeg\r\n\r\n`;
    const socket = connect({ port: Number(port), host: hostname, allowHalfOpen: true });
    socket.on('error', () => {});
    socket.on('data', (bytes) => answers.push(bytes.toString('latin1').split('\r\n')[0] ?? ''));
    socket.write(
      `POST ${pathname}/account/profile HTTP/1.1\r\nHost: ${host}\r\nCookie: ${cookie}\r\nContent-Type: multipart/form-data; boundary=${boundary}\r\nContent-Length: ${10 * MEGABYTE}\r\n\r\n${head}`,
    );
    socket.write(Buffer.alloc(9 * MEGABYTE, 0x41));
    sockets.push(socket);
  }
  let most = before;
  for (let n = 0; n < 16; n += 1) {
    await delay(500);
    most = Math.max(most, await residentMegabytes(pid));
  }
  for (const socket of sockets) socket.destroy();
  const statuses: Record<string, number> = {};
  for (const line of answers) statuses[line] = (statuses[line] ?? 0) + 1;
  console.log(
    `  ${uploads} uploads of ${usernames.length} members, 9 MB each, none finished: ${before.toFixed(0)} MB before, ${most.toFixed(0)} MB at most; answers ${JSON.stringify(statuses)}`,
  );
  return { before, most, statuses };
}
