/** The six permissions a user can hold, as the owner's prototype named them. */
export const USER_PERMISSIONS = [
  'manage_users',
  'manage_campaigns',
  'manage_templates',
  'manage_settings',
  'view_analytics',
  'send_emails',
] as const;

/** What an API key can hold: a user's six, and one that reaches `/api/emails` only. */
export const KEY_PERMISSIONS = [...USER_PERMISSIONS, 'send_transactional'] as const;

export const ROLES = ['super_admin', 'business_admin', 'business_user'] as const;

export type UserPermission = (typeof USER_PERMISSIONS)[number];
export type Permission = (typeof KEY_PERMISSIONS)[number];
export type Role = (typeof ROLES)[number];

/** A super_admin holds every permission, whatever is stored; everybody else holds what is stored. */
export function effectivePermissions(role: Role, stored: readonly Permission[]): readonly Permission[] {
  return role === 'super_admin' ? KEY_PERMISSIONS : stored;
}
