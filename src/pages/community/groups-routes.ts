import { z } from 'zod';
import { JOININGS } from '../../domain/groups/group-store.ts';
import { saveGroups } from '../../domain/groups/save-groups.ts';
import { looksAfter } from '../../domain/memberships/policy.ts';
import { oneOf, typed } from '../../platform/web/form-fields.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import { type CommunityRoute, route } from '../routing/community-route.ts';
import { changeOrLead, formIn, leadSender } from '../routing/done-steps.ts';
import type { WebParts } from '../routing/web-parts.ts';
import { adminRecent, groupManager, type Managing } from '../routing/who.ts';
import { adminFrame } from './admin-frame.ts';
import { groupFaults } from './group-faults.ts';
import { GROUP_NOTICES, type GroupFault, type GroupNotice } from './group-pages.ts';
import { groupRows } from './group-view.ts';

const fields = z.object({
  name: typed.transform((text) => text.trim()),
  description: typed.transform((text) => text.trim()),
  joining: z.enum(JOININGS).default('closed'),
});
type Fields = z.infer<typeof fields>;
const EMPTY: Fields = { name: '', description: '', joining: 'closed' };

/** The groups of a community, for admins; for a group's manager, those that they manage. */
export const ADMIN_GROUPS_ROUTES: CommunityRoute[] = [
  route({
    method: 'GET',
    path: '/admin/groups',
    who: groupManager,
    query: z.object({ notice: oneOf(...GROUP_NOTICES) }),
    handle: ({ parts, request, who, query: { notice } }) =>
      show(parts, request, who, EMPTY, { notice }),
  }),
  route({
    method: 'POST',
    path: '/admin/groups',
    who: adminRecent,
    form: fields,
    async handle({ parts, request, who, form }) {
      const { subject } = who.member;
      const { id: communityId } = request.community;
      const step = formIn(request, JSON.stringify(form));
      const change = { ...form, description: form.description === '' ? null : form.description };
      const asked = { step, subject, to: '/admin/groups?notice=created' };
      const faults = await groupFaults(
        changeOrLead(parts, request, asked, async (tx) => {
          await saveGroups(tx, communityId, [change], `member:${subject}`);
          return undefined;
        }),
      );
      // Of the same form sent twice the second finds the name taken, by itself.
      if (faults.length === 0 || (await leadSender(parts, request, step))) return;
      await show(parts, request, { ...who, acting: admin(who) }, form, { faults });
    },
  }),
];

const admin = ({ member }: Pick<Managing, 'member'>): Managing['acting'] => ({
  subject: member.subject,
  role: member.role,
  status: member.status,
  manages: new Set(),
});

async function show(
  parts: WebParts,
  request: CommunityRequest,
  { member, acting }: Managing,
  form: Fields,
  { faults = [], notice }: { faults?: GroupFault[]; notice?: GroupNotice | undefined },
): Promise<void> {
  const rows = await groupRows(parts.database, request);
  const isAdmin = looksAfter(acting);
  request.page(
    {
      page: 'admin/groups',
      frame: await adminFrame(parts, request, isAdmin ? undefined : 'groups'),
      action: `${request.issuer.basePath}/admin/groups`,
      csrf: request.csrf(),
      groups: isAdmin ? rows : rows.filter(({ id }) => acting.manages.has(id)),
      mayMake: isAdmin,
      name: form.name,
      description: form.description,
      joinings: JOININGS.map((state) => ({ state, isChosen: state === form.joining })),
      faults,
      notice,
    },
    { status: faults.length > 0 ? 400 : 200, member },
  );
}
