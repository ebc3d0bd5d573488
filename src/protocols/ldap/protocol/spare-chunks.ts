/** Size of the largest chunks that answers are written into, and of those that are kept to be written again. */
export const LARGEST_CHUNK = 65_536;
const MOST = 64;

/** Chunks of the largest size that were sent and can be written again: of all connections together. */
export class SpareChunks {
  #chunks: Buffer<ArrayBuffer>[] = [];

  take(): Buffer<ArrayBuffer> {
    return this.#chunks.pop() ?? Buffer.allocUnsafeSlow(LARGEST_CHUNK);
  }

  keep(chunk: Buffer<ArrayBuffer>): void {
    if (this.#chunks.length < MOST) this.#chunks.push(chunk);
  }
}
