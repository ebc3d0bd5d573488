import type { CDPSession, Page } from 'playwright-core';

export type VirtualCredential = {
  credentialId: string;
  isResidentCredential: boolean;
  rpId?: string;
  privateKey: string;
  userHandle?: string;
  signCount: number;
};

/** An authenticator of the browser's own making: it answers at once, and knows its user. */
export type VirtualAuthenticator = {
  credentials(): Promise<VirtualCredential[]>;
  put(credential: VirtualCredential): Promise<void>;
  clear(): Promise<void>;
};

export async function giveAuthenticator(page: Page): Promise<VirtualAuthenticator> {
  const cdp: CDPSession = await page.context().newCDPSession(page);
  await cdp.send('WebAuthn.enable');
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      ctap2Version: 'ctap2_1',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  return {
    async credentials() {
      return (await cdp.send('WebAuthn.getCredentials', { authenticatorId })).credentials;
    },
    async put(credential) {
      await cdp.send('WebAuthn.addCredential', { authenticatorId, credential });
    },
    async clear() {
      await cdp.send('WebAuthn.clearCredentials', { authenticatorId });
    },
  };
}
