import { generateKeyPairSync, sign } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const SEQUENCE = 0x30;
const SET = 0x31;

/** Writes a self-signed certificate for a host and its key as PEM files; needs no other program. */
export async function writeCertificate(
  folder: string,
  name: string,
  {
    from = days(-1),
    to = days(90),
    host = 'localhost',
  }: { from?: Date; to?: Date; host?: string } = {},
): Promise<{ cert: string; key: string }> {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const subject = der(
    SEQUENCE,
    der(SET, der(SEQUENCE, oid('550403'), der(0x0c, Buffer.from(host)))),
  );
  const algorithm = der(SEQUENCE, oid('2a8648ce3d040302'));
  const altName = der(SEQUENCE, der(0x82, Buffer.from(host)));
  const extension = der(SEQUENCE, oid('551d11'), der(0x04, altName));
  const body = der(
    SEQUENCE,
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.from([1])),
    algorithm,
    subject,
    der(SEQUENCE, time(from), time(to)),
    subject,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, der(SEQUENCE, extension)),
  );
  const signature = Buffer.concat([Buffer.from([0]), sign('sha256', body, privateKey)]);
  const certificate = der(SEQUENCE, body, algorithm, der(0x03, signature)).toString('base64');
  const [cert, key] = [join(folder, `${name}.pem`), join(folder, `${name}.key`)];
  await writeFile(cert, `-----BEGIN CERTIFICATE-----\n${certificate}\n-----END CERTIFICATE-----\n`);
  await writeFile(key, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  return { cert, key };
}

/** A moment so many days from now. */
export function days(count: number): Date {
  return new Date(Date.now() + count * 86_400_000);
}

/** An element of DER (X.690 §8.1); contents up to 65,535 bytes. */
function der(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const head =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...head]), content]);
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, 'hex'));
}

/** UTCTime, as X.509 has it until 2049 (RFC 5280 §4.1.2.5.1). */
function time(date: Date): Buffer {
  const digits = date.toISOString().replaceAll(/[-:T]|\.\d+/g, '');
  return der(0x17, Buffer.from(digits.slice(2)));
}
