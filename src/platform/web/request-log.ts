import type { Context } from 'koa';

/**
 * What a log tells of a request's address: the pattern of its route, such as `/recover/:token`, and never
 * the path or the query, which may open an account for whoever reads them.
 */
export function nameRoute(ctx: Context, name: string): void {
  ctx.state.routeName = name;
}

export function routeName(ctx: Context): string {
  return (ctx.state.routeName as string | undefined) ?? '/*';
}
