import type { IncomingMessage } from 'node:http';
import type { Connections } from './connections.ts';
import { createPlaces } from './places.ts';

/** Bodies of megabytes that are held at once: each takes as much memory as its file may have. */
const AT_ONCE = { inAll: 12, each: { tenant: 6, person: 2 } };

export type Owners = { tenant: string; person: string };

export type Uploads = {
  /**
   * Takes a place for a body of megabytes, before the first of it is read, and the time that it needs.
   * @returns gives the place back
   * @throws BusyError
   */
  enter(req: IncomingMessage, owners: Owners): () => void;
};

export function createUploads(connections: Connections): Uploads {
  const places = createPlaces('uploads', AT_ONCE.inAll, AT_ONCE.each);
  return {
    enter(req, owners) {
      const leave = places.take(owners);
      connections.allowUpload(req);
      return leave;
    },
  };
}
