import type { AccessParts } from './access-parts.ts';
import type { Admin } from './admin/admin.ts';
import { ApiCallers } from './admin/api-callers.ts';
import { HttpApi } from './admin/http-api.ts';
import type { OwnEndpoint } from './pages/own-endpoint.ts';

export interface ApiFoundations {
  readonly admin: Admin;
  readonly access: AccessParts;
}

/** The commands that manage the gateway, over HTTP, on its own host. */
export function apiEndpoints({ admin, access }: ApiFoundations): readonly OwnEndpoint[] {
  const callers = new ApiCallers({ ...access, now: Date.now });
  return [new HttpApi({ admin, callers, log: access.log })];
}
