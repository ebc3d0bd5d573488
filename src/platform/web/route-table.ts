import { type Method, paramsOf, type Route, type RouteKind } from './route.ts';

/** What a path names, with the routes that answer there. */
export type Resource<K extends RouteKind> = {
  /** The path with names in the place of values, which is all that a log may tell of it. */
  pattern: string;
  routes: ReadonlyMap<Method, Route<K>>;
};

export type Match<K extends RouteKind> = { resource: Resource<K>; values: readonly string[] };

export type RouteTable<K extends RouteKind> = {
  routes: readonly Route<K>[];
  find(path: string): Match<K> | undefined;
  /** The pattern of a path; of one that fits nothing no more than the beginning that others share. */
  nameOf(path: string): string;
};

type Node<K extends RouteKind> = {
  literals: Map<string, Node<K>>;
  param?: Node<K>;
  resource?: { pattern: string; routes: Map<Method, Route<K>> };
};

const newNode = <K extends RouteKind>(): Node<K> => ({ literals: new Map() });

/**
 * Puts routes together. Their order says nothing: a segment that is written out goes before one that is a
 * parameter.
 * @throws Error when two routes fit the same requests
 */
export function createRouteTable<K extends RouteKind>(routes: readonly Route<K>[]): RouteTable<K> {
  const root = newNode<K>();
  for (const route of routes) add(root, route);
  refuseCrossings([...new Set(routes.map(({ path }) => path))]);
  const find = (path: string): Match<K> | undefined => {
    const values: string[] = [];
    const resource = descend(root, segmentsOf(path), 0, values);
    return resource && { resource, values };
  };
  return {
    routes,
    find,
    nameOf(path) {
      const found = find(path);
      if (found !== undefined) return found.resource.pattern;
      const [first = ''] = segmentsOf(path);
      return root.literals.has(first) ? `/${first}/*` : '/*';
    },
  };
}

/** The table's own place has none. */
function segmentsOf(path: string): string[] {
  return path === '' || path === '/' ? [] : path.slice(1).split('/');
}

function add<K extends RouteKind>(root: Node<K>, route: Route<K>): void {
  let node = root;
  for (const segment of segmentsOf(route.path)) {
    if (segment.startsWith(':')) {
      node.param ??= newNode();
      node = node.param;
    } else {
      const next = node.literals.get(segment) ?? newNode();
      node.literals.set(segment, next);
      node = next;
    }
  }
  node.resource ??= { pattern: route.path, routes: new Map() };
  const { pattern, routes } = node.resource;
  if (pattern !== route.path)
    throw new Error(`${pattern} and ${route.path} are one address under two names`);
  if (routes.has(route.method)) throw new Error(`${route.method} ${route.path} is there twice`);
  routes.set(route.method, route);
}

function descend<K extends RouteKind>(
  node: Node<K>,
  segments: readonly string[],
  at: number,
  values: string[],
): Resource<K> | undefined {
  const segment = segments[at];
  if (segment === undefined) return node.resource;
  const literal = node.literals.get(segment);
  const found = literal && descend(literal, segments, at + 1, values);
  if (found !== undefined) return found;
  if (node.param === undefined || segment === '') return undefined;
  const length = values.push(segment);
  const below = descend(node.param, segments, at + 1, values);
  if (below === undefined) values.length = length - 1;
  return below;
}

/** Of `/a/:x/b` and `/a/c/:y` neither says more: which of them `/a/c/b` is would be chance. */
function refuseCrossings(paths: readonly string[]): void {
  const shapes = paths.map((path) => ({ path, segments: segmentsOf(path) }));
  for (const [index, a] of shapes.entries()) {
    for (const b of shapes.slice(index + 1)) {
      if (a.segments.length !== b.segments.length) continue;
      const sides = a.segments.map((segment, i) => sideOf(segment, b.segments[i] as string));
      if (sides.includes('apart')) continue;
      if (sides.includes('left') && sides.includes('right'))
        throw new Error(`${a.path} and ${b.path} fit the same paths`);
    }
  }
}

/** Which of two segments says more; `apart` where no segment fits both. */
function sideOf(a: string, b: string): 'left' | 'right' | 'same' | 'apart' {
  const [aIsParam, bIsParam] = [a.startsWith(':'), b.startsWith(':')];
  if (aIsParam === bIsParam) return aIsParam || a === b ? 'same' : 'apart';
  return aIsParam ? 'right' : 'left';
}

/** The parameters of a route with what stands in their place, as it was sent. */
export function rawParams<K extends RouteKind>(
  route: Route<K>,
  values: readonly string[],
): Record<string, string> {
  return Object.fromEntries(
    paramsOf(route.path).map((name, i) => [name, values[i] as string] as const),
  );
}
