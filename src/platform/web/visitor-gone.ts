/** What Node says when the other side of a connection is not there any more. */
const CODES = [
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ERR_STREAM_PREMATURE_CLOSE',
  'ERR_STREAM_WRITE_AFTER_END',
  'ERR_STREAM_DESTROYED',
];

/**
 * Whether an error that Koa reports says only that the visitor left before the answer had arrived. The same
 * code from a connection of ours (the database's) comes while there is still somebody to answer.
 */
export function isVisitorGone(error: Error): boolean {
  const { code, headerSent } = error as { code?: string; headerSent?: boolean };
  return headerSent === true && CODES.includes(code ?? '');
}
