print(fetch_all("all"))
