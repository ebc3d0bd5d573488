/** One page in a navigation. */
export type NavItem = {
  href: string;
  /** Key of its words. */
  text: string;
  /** Symbol of `icons.svg`. */
  icon: string;
  id?: string;
  isCurrent: boolean;
  /** How much there is to do. */
  count?: number | undefined;
};

/** What stands beside a page, and on a telephone in a menu before it. */
export type SideNavigation = {
  /** Key of its name, and of what the menu is called. */
  name: string;
  menu: string;
  /** Whether the page beside it takes all the width that is left. */
  isConsole: boolean;
  groups: { name?: string; items: NavItem[] }[];
};
