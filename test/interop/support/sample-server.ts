import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pageFrame } from '../../../src/pages/page-frame.ts';
import { createRenderer } from '../../../src/platform/web/render.ts';
import { loadStaticFiles } from '../../../src/platform/web/static.ts';
import { themeCss } from '../../../src/platform/web/theme.ts';
import { chromeOfSample, SAMPLE_PAGES } from '../../support/sample-pages.ts';

export type SampleServer = {
  /** Where a sample page is, in a language. */
  address(name: string, locale: 'fr' | 'en'): string;
  stop(): Promise<void>;
};

/** Serves every sample page with the styles, scripts and theme that it has in a hub. */
export async function startSampleServer(): Promise<SampleServer> {
  const files = loadStaticFiles();
  const renderer = createRenderer(files, pageFrame);
  const theme = themeCss('#0a7d5a');

  function render(name: string, locale: 'fr' | 'en'): string | undefined {
    const page = SAMPLE_PAGES[name];
    if (page === undefined) return undefined;
    const { community, ...chrome } = chromeOfSample(name, locale);
    const themed = community && { ...community, themeUrl: '/theme.css' };
    return renderer.render(page, { ...chrome, ...(themed && { community: themed }) });
  }

  const send = (response: ServerResponse, type: string, body: string | Buffer | undefined) => {
    response.writeHead(body === undefined ? 404 : 200, { 'content-type': type }).end(body);
  };
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? '/');
    const [, first = '', ...rest] = path.split('/');
    const name = rest.join('/');
    if (first === 'assets') {
      const file = files.find(name);
      return send(response, file?.type ?? 'text/plain', file?.body);
    }
    if (first === 'theme.css') return send(response, 'text/css', theme);
    return send(response, 'text/html; charset=utf-8', render(name, first === 'en' ? 'en' : 'fr'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://localhost:${(server.address() as AddressInfo).port}`;
  return {
    address: (name, locale) => `${origin}/${locale}/${encodeURIComponent(name)}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
