// Writes every page in each of its states to a folder, for eyes and browsers.
// usage: node test/support/preview-pages.ts FOLDER [fr|en]
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pageFrame } from '../../src/pages/page-frame.ts';
import { createRenderer } from '../../src/platform/web/render.ts';
import { loadStaticFiles } from '../../src/platform/web/static.ts';
import { themeCss } from '../../src/platform/web/theme.ts';
import { chromeOfSample, SAMPLE_PAGES } from './sample-pages.ts';

const [folder, locale = 'fr'] = process.argv.slice(2) as [string, 'fr' | 'en'];
const files = loadStaticFiles();
const renderer = createRenderer(files, pageFrame);
mkdirSync(join(folder, 'assets'), { recursive: true });
const ASSETS = ['app.css', 'icons.svg', 'favicon.svg', 'text-400.woff2', 'text-600.woff2'];
for (const name of [...ASSETS, 'menu.js', 'show-password.js', 'copy.js']) {
  writeFileSync(join(folder, 'assets', files.address(name)), files.find(name)?.body as Buffer);
}
writeFileSync(join(folder, 'theme.css'), themeCss('#0a7d5a'));
for (const [name, page] of Object.entries(SAMPLE_PAGES)) {
  const { community, ...chrome } = chromeOfSample(name, locale);
  const themed = community && { ...community, themeUrl: 'theme.css' };
  const html = renderer.render(page, {
    ...chrome,
    ...(themed && { community: themed }),
    assetBase: 'assets',
  });
  writeFileSync(join(folder, `${name.replaceAll(' ', '-')}.html`), html);
}
