/** What our ids look like; PostgreSQL takes nothing else for one. */
export const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
