/** This very machine, where http is as good as https: `localhost` and its subdomains, 127.0.0.0/8, ::1 (W3C Secure Contexts §3.1). */
export const isLoopback = (hostname: string): boolean =>
  hostname === 'localhost' ||
  hostname.endsWith('.localhost') ||
  hostname === '[::1]' ||
  /^127(\.\d{1,3}){3}$/.test(hostname)
