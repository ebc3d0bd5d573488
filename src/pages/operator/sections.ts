import type { SideNavigation } from '../components/side-navigation.ts';

const SECTIONS = [
  { id: 'communities', href: '/operator', text: 'operator.homeTitle', icon: 'building-2' },
  { id: 'mails', href: '/operator/mails', text: 'operator.mails', icon: 'mail' },
  { id: 'factors', href: '/operator/two-factors', text: 'two-factors.title', icon: 'shield-check' },
] as const;

/** The navigation of the operators' console. @param page the page's name, such as `operator-home` */
export function operatorNavigation(page: string): SideNavigation {
  const current = page.startsWith('operator-mail')
    ? 'mails'
    : page.startsWith('account/')
      ? 'factors'
      : 'communities';
  return {
    name: 'operator.loginTitle',
    menu: 'operator.menu',
    isConsole: true,
    groups: [{ items: SECTIONS.map((item) => ({ ...item, isCurrent: item.id === current })) }],
  };
}
