import { z } from 'zod';

/** base64url of at most so many bytes; the longest credential id has 1023 (WebAuthn level 3 section 4). */
const bytes = (max: number) =>
  z
    .string()
    .regex(/^[\w-]*$/)
    .max(Math.ceil((max * 4) / 3));

const CREDENTIAL = {
  id: bytes(1023).min(1),
  rawId: bytes(1023).min(1),
  type: z.literal('public-key'),
  authenticatorAttachment: z.enum(['platform', 'cross-platform']).optional().catch(undefined),
};

const ASSERTION = z.object({
  ...CREDENTIAL,
  response: z.object({
    clientDataJSON: bytes(8192),
    authenticatorData: bytes(8192),
    signature: bytes(8192),
    userHandle: bytes(64)
      .nullish()
      .transform((handle) => handle ?? undefined),
  }),
});

const ATTESTATION = z.object({
  ...CREDENTIAL,
  response: z.object({
    clientDataJSON: bytes(8192),
    attestationObject: bytes(32_768),
    transports: z
      .array(z.string().regex(/^[a-z-]{1,20}$/))
      .max(10)
      .optional()
      .catch(undefined),
  }),
});

/** Our pages are never framed, so that no answer comes from a frame. */
const CLIENT_DATA = z.object({
  challenge: bytes(512).min(1),
  crossOrigin: z.literal(false).optional(),
});

/** An authenticator's answer to a sign-in; with the challenge that it names. */
export type Assertion = z.infer<typeof ASSERTION> & {
  challenge: string;
  clientExtensionResults: Record<string, never>;
};
/** An authenticator's answer to a registration. */
export type Attestation = z.infer<typeof ATTESTATION> & {
  challenge: string;
  clientExtensionResults: Record<string, never>;
};

/** Reads what the script put in the form; undefined for anything that is no such answer. */
export function parseAssertion(text: string | undefined): Assertion | undefined {
  return parse(ASSERTION, text);
}

export function parseAttestation(text: string | undefined): Attestation | undefined {
  return parse(ATTESTATION, text);
}

function parse<Answer extends { response: { clientDataJSON: string } }>(
  schema: z.ZodType<Answer>,
  text: string | undefined,
): (Answer & { challenge: string; clientExtensionResults: Record<string, never> }) | undefined {
  try {
    const answer = schema.parse(JSON.parse(text ?? ''));
    const clientData = Buffer.from(answer.response.clientDataJSON, 'base64url').toString('utf8');
    const { challenge } = CLIENT_DATA.parse(JSON.parse(clientData));
    return { ...answer, challenge, clientExtensionResults: {} };
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof z.ZodError) return undefined;
    throw error;
  }
}
