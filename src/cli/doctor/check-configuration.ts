import { type Config, isLoopbackName } from '../../platform/config/config.ts';
import { type Finding, ok, warn } from './finding.ts';

/** What is allowed in the settings, but seldom meant. */
export function checkConfiguration(config: Config): Finding[] {
  const { events, keptMails, failed } = config.retention;
  const findings = [
    ok(`the configuration is valid; the hub is ${config.url.origin}`),
    ok(
      `events are kept for ${events} days, messages for the operator ${keptMails}, undeliverable ones ${failed}`,
    ),
  ];
  const isPublic = !isLoopbackName(config.url.hostname);
  if (config.url.protocol === 'http:' && isPublic) {
    findings.push(
      warn(
        'TROUSSEAU_URL is http on a public name: passwords and tokens travel in clear; use https',
      ),
    );
  }
  if (isPublic && config.trustedProxies.length === 0 && isLoopbackAddress(config.listen.host)) {
    findings.push(
      warn(
        'TROUSSEAU_TRUSTED_PROXIES is empty behind a proxy: every visitor has the address of the proxy',
      ),
    );
  }
  return findings;
}

function isLoopbackAddress(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}
