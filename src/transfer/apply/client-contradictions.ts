import { isNativeUri, nativeUriFault } from '../../domain/services/app-addresses.ts';
import type { Path, Report } from './faults.ts';
import { type Raw, strings } from './raw.ts';

/** What makes a client contradict itself, or the provider refuse it. */
export function reportClient(report: Report, path: Path, client: Raw): void {
  reportAuthentication(report, path, client);
  reportAddresses(report, path, client);
}

function reportAuthentication(report: Report, path: Path, client: Raw): void {
  const isPublic = client.auth === 'none';
  if (isPublic && client.secret !== undefined) {
    report(
      [...path, 'secret'],
      'stands beside auth: none, which says that this client has no secret: take one of them out',
    );
  }
  if (!isPublic && client.secret === undefined) {
    report(
      path,
      'has no secret: give one (openssl rand -hex 32 makes one), or say auth: none for an app that cannot keep it',
    );
  }
  if (isPublic && client.pkce === false) {
    report(
      [...path, 'pkce'],
      'cannot be false with auth: none: a client without a secret always proves itself by PKCE (RFC 9700 §2.1.1)',
    );
  }
  if (isPublic && strings(client.grants).includes('client_credentials')) {
    report([...path, 'grants'], 'has client_credentials, which needs a secret (RFC 6749 §4.4)');
  }
}

function reportAddresses(report: Report, path: Path, client: Raw): void {
  const redirects = strings(client.redirectUris);
  const usesCode =
    client.grants === undefined || strings(client.grants).includes('authorization_code');
  if (usesCode && redirects.length === 0) {
    report(
      client.redirectUris === undefined ? path : [...path, 'redirectUris'],
      'has no redirectUris: give the address that the app is called back at',
    );
  }
  const isNative = redirects.some(isNativeUri);
  for (const key of ['redirectUris', 'postLogoutRedirectUris']) {
    for (const [index, uri] of strings(client[key]).entries()) {
      const fault = isNative ? nativeUriFault(uri) : undefined;
      if (fault !== undefined) report([...path, key, index], fault);
      if (!isNative && isNativeUri(uri)) {
        report(
          [...path, key, index],
          'has the scheme of a native app, and none of the redirectUris has',
        );
      }
    }
  }
}
