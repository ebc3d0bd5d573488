import type { Sharp } from 'sharp';
import { BusyError } from '../../platform/errors/busy-error.ts';
import { createFairQueue } from '../../platform/work/fair-queue.ts';
import { RefusedError } from '../errors.ts';

/** Why a picture is refused, as a key of the messages' catalogue. */
export type PictureFault = 'too-large' | 'format' | 'dimensions' | 'broken' | 'busy';

export class PictureRefusedError extends RefusedError {
  override readonly name = 'PictureRefusedError';
  readonly fault: PictureFault;

  constructor(fault: PictureFault) {
    super(`picture-${fault}`, `the picture is refused: ${fault}`);
    this.fault = fault;
  }
}

/** A picture from a telephone or a camera fits. */
export const PICTURE_MAX_BYTES = 10 * 1024 * 1024;
/** Pixels of an edge of the square that is kept. */
export const PICTURE_EDGE = 512;
const LOGO_EDGE = 384;
/** As many as the cameras of telephones make; a picture that is unpacked takes four bytes for each. */
const MAX_PIXELS = 51_000_000;
const MAX_EDGE = 16_384;
/** Even noise stays within the 256 KiB that the table takes. */
const QUALITY = 85;
const SECONDS = 10;

type Format = 'png' | 'jpeg' | 'webp' | 'gif' | 'avif';

/** The decoders that see what people send: neither SVG nor PDF nor anything that calls another program. */
const DECODERS = ['Jpeg', 'Png', 'Webp', 'Nsgif', 'Heif'].flatMap((name) => [
  `VipsForeignLoad${name}`,
  `VipsForeignLoad${name}Buffer`,
]);

/**
 * Makes the picture that is shown of a member: turned upright, cropped to a square of 512 pixels, written
 * anew as JPEG without any metadata.
 */
export type PictureMaker = {
  /**
   * @param communityId whose member it is of: communities take turns
   * @throws PictureRefusedError
   */
  make(communityId: string, bytes: Buffer): Promise<Buffer>;
  /**
   * The same for a community's logo, of any shape and see-through where it is: as PNG within 384 pixels.
   * @throws PictureRefusedError
   */
  makeLogo(communityId: string, bytes: Buffer): Promise<Buffer>;
};

/**
 * One picture at a time: unpacking takes memory. The library is loaded with the first of them.
 * @param most how many may be made or wait for their turn; half of them of one community
 */
export function createPictureMaker(most = 10): PictureMaker {
  const inTurn = createFairQueue({
    width: 1,
    waiting: most - 1,
    waitingOfOwner: Math.ceil(most / 2),
  });
  const make = (write: (picture: Sharp) => Sharp) => async (communityId: string, bytes: Buffer) => {
    if (bytes.length > PICTURE_MAX_BYTES) throw new PictureRefusedError('too-large');
    const format = formatOf(bytes);
    if (format === undefined) throw new PictureRefusedError('format');
    try {
      return await inTurn(communityId, () => makePicture(bytes, format, write));
    } catch (error) {
      throw error instanceof BusyError ? new PictureRefusedError('busy') : error;
    }
  };
  return { make: make(asPortrait), makeLogo: make(asLogo) };
}

const asPortrait = (picture: Sharp) =>
  picture
    .resize(PICTURE_EDGE, PICTURE_EDGE, { fit: 'cover' })
    .flatten({ background: '#ffffff' })
    .jpeg({ quality: QUALITY, mozjpeg: true });

/** Of so few colours even noise stays within what the table takes. */
const asLogo = (picture: Sharp) =>
  picture
    .resize(LOGO_EDGE, LOGO_EDGE, { fit: 'inside', withoutEnlargement: true })
    .png({ palette: true, effort: 7 });

async function makePicture(
  bytes: Buffer,
  format: Format,
  write: (picture: Sharp) => Sharp,
): Promise<Buffer> {
  const open = await loadSharp();
  await checkDimensions(open(bytes), format);
  return guarded(write(open(bytes).autoOrient()).timeout({ seconds: SECONDS }).toBuffer());
}

async function loadSharp(): Promise<(bytes: Buffer) => Sharp> {
  const { default: sharp } = await import('sharp');
  sharp.cache(false);
  sharp.concurrency(1);
  sharp.block({ operation: ['VipsForeignLoad'] });
  sharp.unblock({ operation: DECODERS });
  return (bytes) => sharp(bytes, { failOn: 'error', limitInputPixels: MAX_PIXELS, pages: 1 });
}

async function checkDimensions(picture: Sharp, format: Format): Promise<void> {
  const seen = await guarded(picture.metadata());
  const { width, height } = seen;
  if (width > MAX_EDGE || height > MAX_EDGE || width * height > MAX_PIXELS) {
    throw new PictureRefusedError('dimensions');
  }
  if (seen.format !== (format === 'avif' ? 'heif' : format))
    throw new PictureRefusedError('format');
}

async function guarded<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    const isHuge = /pixel limit|too (large|big)|dimensions/i.test((error as Error).message);
    throw new PictureRefusedError(isHuge ? 'dimensions' : 'broken');
  }
}

/** What the first bytes say; a file's name and the browser's word count for nothing. */
function formatOf(bytes: Buffer): Format | undefined {
  const head = bytes.subarray(0, 64).toString('latin1');
  if (head.startsWith('\x89PNG\r\n\x1a\n')) return 'png';
  if (head.startsWith('\xff\xd8\xff')) return 'jpeg';
  if (/^GIF8[79]a/.test(head)) return 'gif';
  if (head.startsWith('RIFF') && head.slice(8, 12) === 'WEBP') return 'webp';
  if (head.slice(4, 8) === 'ftyp' && /avi[fs]/.test(head.slice(8))) return 'avif';
  return undefined;
}
