import { createHash } from 'node:crypto';

export type Logo = {
  mediaType: 'image/svg+xml' | 'image/png' | 'image/jpeg' | 'image/webp';
  /** Hexadecimal. */
  sha256: string;
  bytes: Buffer;
};

export const LOGO_MAX_BYTES = 262_144;

/**
 * A picture as a community's logo. Its bytes decide what it is.
 * @returns the logo, or what is wrong with it
 */
export function toLogo(bytes: Buffer): Logo | { fault: string } {
  if (bytes.length > LOGO_MAX_BYTES)
    return { fault: `has more than ${LOGO_MAX_BYTES / 1024} KB: make it smaller` };
  const mediaType = mediaTypeOf(bytes);
  if (mediaType === undefined) return { fault: 'is not an SVG, PNG, JPEG or WebP picture' };
  const fault = mediaType === 'image/svg+xml' ? svgFault(bytes.toString('utf8')) : undefined;
  if (fault !== undefined) return { fault };
  return { mediaType, sha256: createHash('sha256').update(bytes).digest('hex'), bytes };
}

function mediaTypeOf(bytes: Buffer): Logo['mediaType'] | undefined {
  const head = bytes.toString('latin1', 0, 12);
  if (head.startsWith('\x89PNG\r\n\x1a\n')) return 'image/png';
  if (head.startsWith('\xff\xd8\xff')) return 'image/jpeg';
  if (head.startsWith('RIFF') && head.slice(8) === 'WEBP') return 'image/webp';
  return isUtf8Svg(bytes) ? 'image/svg+xml' : undefined;
}

function isUtf8Svg(bytes: Buffer): boolean {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return !text.includes('\0') && /^\s*(<\?xml[^>]*\?>\s*)?(<!--.*?-->\s*)*<svg[\s>]/su.test(text);
  } catch {
    return false;
  }
}

/** Each rule refuses more than it must: a logo has no use for any of this. */
const SVG_RULES: [RegExp, string][] = [
  [
    /<!(?!--)|<\?(?!xml\s)/i,
    'has a document type, an entity or a processing instruction: save it as plain SVG',
  ],
  [
    /<\s*(?:[\w.-]+:)?(?:script|foreignObject|iframe|embed|object|handler|listener|a)\b/i,
    'has a script, a link or foreign content: take it out',
  ],
  [/[\s"'/]on[a-z]+\s*=/i, 'has an event handler (on…=): take it out'],
  [/\\/, 'has a backslash, which can hide an address: take it out'],
  [
    /attributeName\s*=\s*["']?\s*(?:[\w.-]+:)?(?:href|on)/i,
    'has an animation that changes a link: take it out',
  ],
  [
    /(?:href|src)\s*=\s*(?!\s*["'](?:#|data:image\/(?:png|jpeg|webp);))/i,
    'refers to something outside itself: embed it or take it out',
  ],
  [
    /url\(\s*(?!["']?#|&quot;#)/i,
    'refers to something outside itself with url(…): embed it or take it out',
  ],
  [
    /(?:image|image-set|src)\(/i,
    'refers to something outside itself in its style: embed it or take it out',
  ],
  [/&#/, 'has a character by number (&#…), which can hide an address: write the character itself'],
  [/@import/i, 'imports a style sheet: embed it or take it out'],
  [/\bxml:base\b/i, 'sets xml:base: take it out'],
];

/** Why an SVG is refused: it would run something, or fetch something, where it is opened by itself. */
function svgFault(svg: string): string | undefined {
  return SVG_RULES.find(([pattern]) => pattern.test(svg))?.[1];
}
