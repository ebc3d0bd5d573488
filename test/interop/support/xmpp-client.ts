import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

const DOMAIN = 'lamyne.example';
const OPEN = `<stream:stream to="${DOMAIN}" version="1.0" xmlns="jabber:client" xmlns:stream="http://etherx.jabber.org/streams">`;
const BIND =
  '<iq type="set" id="b"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"><resource>test</resource></bind></iq>';

/**
 * Signs in to an XMPP server by SASL PLAIN (RFC 6120 §6) and binds a resource.
 * @returns the address that one has there, or the condition of the refusal, such as `not-authorized`
 */
export async function signInToXmpp(
  port: number,
  username: string,
  password: string,
): Promise<{ jid: string } | { refused: string }> {
  const socket = connect(port, '127.0.0.1').setTimeout(20_000, () => socket.destroy());
  try {
    await once(socket, 'connect');
    const stream = readerOf(socket);
    socket.write(OPEN);
    await stream(/<\/stream:features>/);
    const plain = Buffer.from(`\0${username}\0${password}`).toString('base64');
    socket.write(
      `<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="PLAIN">${plain}</auth>`,
    );
    const answer = await stream(/<success[^>]*>|<failure.*?<\/failure>/);
    const refused = /<failure[^>]*><([\w-]+)/.exec(answer)?.[1];
    if (refused !== undefined) return { refused };
    socket.write(OPEN);
    await stream(/<\/stream:features>/);
    socket.write(BIND);
    const bound = await stream(/<\/iq>/);
    return { jid: /<jid>(.*?)<\/jid>/.exec(bound)?.[1] ?? '' };
  } finally {
    socket.destroy();
  }
}

/** Gives what came up to the end of the first match, and keeps the rest for the next time. */
function readerOf(socket: Socket): (end: RegExp) => Promise<string> {
  socket.setEncoding('utf8');
  let text = '';
  return async (end) => {
    for (;;) {
      const match = end.exec(text);
      if (match !== null) {
        const until = match.index + match[0].length;
        const taken = text.slice(0, until);
        text = text.slice(until);
        return taken;
      }
      const [more] = await Promise.race([
        once(socket, 'data'),
        once(socket, 'close').then(() => {
          throw new Error(`the server closed the connection: ${text}`);
        }),
      ]);
      text += more;
    }
  };
}
