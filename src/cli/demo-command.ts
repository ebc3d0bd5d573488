import type { Command } from 'commander';
import { stopSignal } from './stop-signal.ts';

export function addDemoCommand(program: Command): void {
  program
    .command('demo')
    .description('Start an example network on a throw-away database, with two apps to sign in to')
    .option('--port <port>', 'of the hub (default: that of TROUSSEAU_LISTEN, 8080)')
    .option(
      '--ldap-port <port>',
      'of the LDAP bridge (default: that of TROUSSEAU_LDAP_LISTEN, 3890)',
    )
    .option('--app-ports <ports>', 'of the two example apps (default: 8091,8092)')
    .action(async (options: { port?: string; ldapPort?: string; appPorts?: string }) => {
      const { parseAppPorts, parsePort } = await import('./demo/demo-ports.ts');
      const { port, ldapPort, appPorts } = options;
      const ports = {
        ...(port !== undefined && { port: parsePort(port) }),
        ...(ldapPort !== undefined && { ldapPort: parsePort(ldapPort) }),
        ...(appPorts !== undefined && { appPorts: parseAppPorts(appPorts) }),
      };
      const { runDemo } = await import('./demo/run-demo.ts');
      const demo = await runDemo(ports);
      await stopSignal();
      await demo.stop();
    });
}
