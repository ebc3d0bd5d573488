/** The one page of a demo app. */
export function appPage(options: {
  name: string;
  accent: string;
  claims?: Record<string, unknown>;
  error?: string;
}): string {
  const { name, accent, claims, error } = options;
  const body =
    claims === undefined
      ? `<p>Vous n’êtes pas connecté·e à ${escapeHtml(name)}.</p><p><a class="button" id="app-login" href="/login">Se connecter avec mon compte du lieu</a></p>`
      : `<p id="app-member">Bonjour <strong>${escapeHtml(String(claims.name ?? claims.preferred_username ?? claims.sub))}</strong> !</p>
        <h2>Ce que l’app a reçu</h2><dl>${rows(claims)}</dl>
        <p><a class="button" id="app-logout" href="/logout">Se déconnecter</a></p>`;
  return `<!doctype html><html lang="fr"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,"><title>${escapeHtml(name)}</title><style>
:root{color-scheme:light dark}body{font:17px/1.5 system-ui,sans-serif;margin:0;background:light-dark(#f6f6f8,#17171c);color:light-dark(#1d1d24,#eee)}
header{background:${accent};color:#fff;padding:1rem 1.5rem;font-size:1.3rem;font-weight:600}main{max-width:38rem;margin:2rem auto;padding:0 1.5rem}
.button{display:inline-block;background:${accent};color:#fff;padding:.6rem 1.1rem;border-radius:.5rem;text-decoration:none}.error{border-left:4px solid #b3261e;padding:.5rem 1rem}
dl{display:grid;grid-template-columns:auto 1fr;gap:.25rem 1rem}dt{font-weight:600}dd{margin:0;overflow-wrap:anywhere}
@media(max-width:30rem){dl{grid-template-columns:1fr}dd{margin-bottom:.5rem}}
</style></head><body><header>${escapeHtml(name)}</header><main><h1>${escapeHtml(name)}, une app de démonstration</h1>
${error === undefined ? '' : `<p class="error" id="app-error">${escapeHtml(error)}</p>`}${body}</main></body></html>`;
}

function rows(claims: Record<string, unknown>): string {
  return Object.entries(claims)
    .map(
      ([key, value]) =>
        `<dt>${escapeHtml(key)}</dt><dd>${escapeHtml(typeof value === 'string' ? value : JSON.stringify(value))}</dd>`,
    )
    .join('');
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
