import { z } from 'zod';
import { changeProfile } from '../../domain/memberships/change-profile.ts';
import type { Member } from '../../domain/memberships/member.ts';
import { removePicture, setPicture } from '../../domain/pictures/change-picture.ts';
import { PICTURE_MAX_BYTES, PictureRefusedError } from '../../domain/pictures/make-picture.ts';
import { oneOf, type Upload } from '../../platform/web/form-fields.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import { type CommunityRoute, route } from '../routing/community-route.ts';
import type { WebParts } from '../routing/web-parts.ts';
import { member } from '../routing/who.ts';
import type { ProfileFault } from './pages.ts';
import { type ProfileFields, profileFields, readProfile } from './profile-form.ts';

export const PROFILE_ROUTES: CommunityRoute[] = [
  route({
    method: 'GET',
    path: '/account/profile',
    who: member,
    query: z.object({ notice: oneOf('saved') }),
    handle({ request, who, query: { notice } }) {
      const { member } = who;
      const fields: ProfileFields = {
        displayName: member.displayName,
        givenName: member.givenName ?? '',
        familyName: member.familyName ?? '',
        nickname: member.nickname ?? '',
        pronouns: member.pronouns ?? '',
      };
      answer(request, member, fields, { notice });
    },
  }),
  // Names, and a picture or `remove_picture`. All of it is stored, or nothing; what was typed is shown again.
  route({
    method: 'POST',
    path: '/account/profile',
    who: member,
    form: profileFields,
    file: { field: 'picture', maxBytes: PICTURE_MAX_BYTES },
    async handle({ parts, request, who, form, file }) {
      const { typed, profile, faults } = readProfile(form);
      // No page can put a file back into its field: who has to mend something else has to choose it again.
      const picture: Picture =
        faults.length > 0 && file instanceof Buffer
          ? { field: 'picture', code: 'picture-again' }
          : await makePicture(parts, request.community.id, file);
      const allFaults = picture !== undefined && 'code' in picture ? [...faults, picture] : faults;
      if (allFaults.length > 0) {
        const status = allFaults.some(({ code }) => code === 'picture-too-large') ? 413 : 400;
        answer(request, who.member, typed, { faults: allFaults }, status);
        return;
      }
      const { subject } = who.member;
      const { id } = request.community;
      const actor = `member:${subject}` as const;
      await parts.database.transaction(async (tx) => {
        await changeProfile(tx, id, subject, profile, actor);
        if (picture !== undefined && 'bytes' in picture) {
          await setPicture(tx, id, subject, picture.bytes, actor);
        } else if (form.remove_picture) {
          await removePicture(tx, id, subject, actor);
        }
      });
      await parts.settle();
      request.redirect('/account/profile?notice=saved');
    },
  }),
];

type Picture = { bytes: Buffer } | ProfileFault | undefined;

async function makePicture(
  { pictures }: WebParts,
  communityId: string,
  file: Upload,
): Promise<Picture> {
  if (file === undefined) return undefined;
  if (file === 'too-large') return { field: 'picture', code: 'picture-too-large' };
  try {
    return { bytes: await pictures.make(communityId, file) };
  } catch (error) {
    if (error instanceof PictureRefusedError) {
      return { field: 'picture', code: `picture-${error.fault}` };
    }
    throw error;
  }
}

function answer(
  request: CommunityRequest,
  member: Member,
  fields: ProfileFields,
  change: { faults?: ProfileFault[]; notice?: 'saved' | undefined },
  status = 200,
): void {
  const { basePath } = request.issuer;
  request.page(
    {
      page: 'account/profile',
      action: `${basePath}/account/profile`,
      csrf: request.csrf(),
      username: member.username,
      pictureUrl:
        member.pictureKey === null ? undefined : `${basePath}/pictures/${member.pictureKey}`,
      ...fields,
      notice: change.notice,
      faults: change.faults ?? [],
    },
    { status, member },
  );
}
