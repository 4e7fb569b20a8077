// Makes a VXLAN device, which busybox's ip cannot: vxlan-link NAME VNI REMOTE PORT
#include <arpa/inet.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static char message[1024];
static struct nlmsghdr *header = (struct nlmsghdr *)message;

static struct rtattr *add(int type, const void *data, int length) {
  struct rtattr *attribute = (struct rtattr *)(message + NLMSG_ALIGN(header->nlmsg_len));
  attribute->rta_type = type;
  attribute->rta_len = RTA_LENGTH(length);
  if (length > 0) memcpy(RTA_DATA(attribute), data, length);
  header->nlmsg_len = NLMSG_ALIGN(header->nlmsg_len) + RTA_ALIGN(attribute->rta_len);
  return attribute;
}

static void end(struct rtattr *nest) { nest->rta_len = message + header->nlmsg_len - (char *)nest; }

int main(int count, char **words) {
  if (count != 5) return 2;
  unsigned vni = atoi(words[2]);
  in_addr_t remote = inet_addr(words[3]);
  unsigned short port = htons(atoi(words[4]));
  header->nlmsg_type = RTM_NEWLINK;
  header->nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK;
  header->nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg));
  add(IFLA_IFNAME, words[1], strlen(words[1]) + 1);
  struct rtattr *info = add(IFLA_LINKINFO, 0, 0);
  add(IFLA_INFO_KIND, "vxlan", 5);
  struct rtattr *data = add(IFLA_INFO_DATA, 0, 0);
  add(IFLA_VXLAN_ID, &vni, sizeof vni);
  add(IFLA_VXLAN_GROUP, &remote, sizeof remote);
  add(IFLA_VXLAN_PORT, &port, sizeof port);
  end(data);
  end(info);
  int netlink = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
  if (send(netlink, message, header->nlmsg_len, 0) < 0) return 3;
  char answer[1024];
  if (recv(netlink, answer, sizeof answer, 0) < (int)NLMSG_LENGTH(sizeof(struct nlmsgerr))) return 4;
  return -((struct nlmsgerr *)NLMSG_DATA(answer))->error;
}
