from mail import fetch_all

print(fetch_all("all"))
