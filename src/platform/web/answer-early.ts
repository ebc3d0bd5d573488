import type { Context } from 'koa';

/** So much is read and thrown away of what nobody wants. */
const MAX_DISCARDED = 64 * 1024 * 1024;

/**
 * Answers a request whose body is still on its way. The answer leaves at once; the connection ends when
 * the rest has been read and thrown away (or its time is up): a browser that cannot finish what it sends
 * shows a broken connection instead of the answer.
 */
export function answerEarly(ctx: Context, body: string): void {
  const { req, res } = ctx;
  ctx.respond = false;
  ctx.set('Connection', 'close');
  ctx.length = Buffer.byteLength(body);
  res.write(body);
  let discarded = 0;
  req.on('data', (chunk: Buffer) => {
    discarded += chunk.length;
    if (discarded > MAX_DISCARDED) req.socket.destroy();
  });
  req.once('end', () => res.end());
  req.resume();
}
